"""CSV import: what a file holds (`files`, `columns`, `plans`), the run (`running`), and what comes after it.

`records` has the tables, `starting` the way from an upload to a job, `repairing` failed rows corrected by hand,
`undoing` the way back, `api` the door for programs. The tasks are in `contacts.tasks`.
"""
