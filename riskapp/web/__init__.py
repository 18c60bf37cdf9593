"""How a page behaves: guards, errors, filters, sessions. Furniture that the doors share."""
