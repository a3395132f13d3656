"""What a person sees: tables, figures, pages and files of a run."""
