"""This machine, as an operator who runs a model on it lists it."""

from ipaddress import IPv4Network, IPv6Network

LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
