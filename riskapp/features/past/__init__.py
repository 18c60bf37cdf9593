"""The past: what risks, their plans, links and escalations were at the end of a day, and the versions that tell it.

The two times: a fact counts from its business day on (valid from, effective on), and is there once it was recorded. "As
it stood" is what the council knew at the end of that day: a correction made later shows from the later day on. A reader
looks back with the rights of today, and with the stricter of what was withheld then, what is now, and what was decided
to be in between.
Tables: risk_version, action_version, ended_link. Tables read: all that a risk's page shows.
"""
