"""PostgreSQL: the embedded server, migrations, and the ports that the database meets."""
