"""The REST interface of every entity, made from the declarations."""
