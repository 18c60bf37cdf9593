"""What a web server imports: `gunicorn wsgi:app`; and `flask --app wsgi <command>`."""

import os
import sys

from riskapp.app import create_app
from riskapp.serve import database_check, serve, settle
from riskapp.settings import Settings, SettingsRefused
from riskapp.web import logs

try:
    settings = Settings.from_environment(os.environ)
except SettingsRefused as refusal:
    sys.exit(f"riskapp cannot start. {refusal}")
logs.configure(is_demo=settings.is_demo)
app = create_app(settings)
app.cli.add_command(serve)
app.cli.add_command(database_check)
settle()
