"""The checks of `headroom doctor`: one module for each thing that can be wrong."""
