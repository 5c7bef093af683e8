"""The programs of the package, one a module: parse_arguments(), main(), run()."""
