"""What a web server imports: `gunicorn wsgi:app`; and `flask --app wsgi <command>`."""

import os
import sys

from riskapp.app import create_app
from riskapp.serve import database_check, serve, settle
from riskapp.settings import Settings, SettingsRefused

try:
    app = create_app(Settings.from_environment(os.environ))
except SettingsRefused as refusal:
    sys.exit(f"riskapp cannot start. {refusal}")
app.cli.add_command(serve)
app.cli.add_command(database_check)
settle()
