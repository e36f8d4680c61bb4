"""A finished dataset in the forms that trainers take: `forms` are the rows, `files` the folder, `hub` the push."""
