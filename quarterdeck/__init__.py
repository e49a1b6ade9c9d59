"""The product's public face: the launcher, and the names plug-ins and scripts may rely on."""
