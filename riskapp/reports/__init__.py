"""What goes on paper: frozen data in, the bytes of a PDF out."""
