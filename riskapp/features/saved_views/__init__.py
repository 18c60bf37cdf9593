"""Saved views: the address of a register kept under a name, for oneself or shared with a unit.

A view is an address and nothing more: whoever opens it reads what they may read. Tables: saved_view, default_view.
"""
