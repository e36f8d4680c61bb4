"""Exports of a finished dataset for trainers: `forms` has the forms, `files` writes the folder, `hub` uploads it."""
