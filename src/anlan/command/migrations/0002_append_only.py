from django.db import migrations

FORWARD = """
create function command_entry_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'timeline entry % is never changed or removed: strike it by a later one', old.id
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger entry_is_kept before update or delete on command_entry
    for each row execute function command_entry_is_kept();
"""
BACKWARD = """
drop trigger entry_is_kept on command_entry;
drop function command_entry_is_kept();
"""


class Migration(migrations.Migration):
    """The timeline is append-only, whoever writes to the database."""

    dependencies = [("command", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
