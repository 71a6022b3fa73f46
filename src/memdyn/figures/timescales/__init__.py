"""Figures of study 2, timescales and curricula: tables in, pages out."""
