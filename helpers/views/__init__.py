"""Views: facts as tables and pictures, for notebooks and the report. One module a step."""
