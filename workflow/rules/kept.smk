# Figures and claims again, from the tables of an earlier run and without its networks.
# In: the folder that the configuration's key `kept` names.
# Out: figures/<scale>, as far as their tables and they themselves were kept.


rule from_tables:
    input:
        drawn_from_kept,
