"""What gunicorn reads by itself: its own lines in the form of riskapp's log."""

import os

from riskapp.web.logs import configuration

logconfig_dict = configuration(is_demo=os.environ.get("RISKAPP_MODE") == "demo")
