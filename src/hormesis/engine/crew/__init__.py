"""The crew: worker processes that play a share of the loads each, here and on other machines."""
