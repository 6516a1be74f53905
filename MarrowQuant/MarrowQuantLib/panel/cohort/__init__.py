"""The panel of MarrowQuant Cohort."""
