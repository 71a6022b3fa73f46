"""What a run says while it goes on: how far it is, what is left, and a line for each job that ends.

The plugin ``snakemake_logger_plugin_memdyn`` hears what Snakemake does and shows it by these
modules, in Snakemake's own process: none of them imports more than the standard library.
"""
