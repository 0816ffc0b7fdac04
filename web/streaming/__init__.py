"""What just happened, as clients look on: who looks at what, and what each of them is told."""
