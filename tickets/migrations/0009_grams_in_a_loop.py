from django.db import migrations

# The same pieces as those of 0006, some more than once, which an index doesn't mind. A query inside of a function takes
# four times as long to be set up as this loop takes for a subject, and every new ticket waits for it.
GRAMS = """
CREATE OR REPLACE FUNCTION search_grams(workspace bigint, folded text, shortest int) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  salt text := workspace || ':';
  found int[] := '{}';
BEGIN
  FOR size IN shortest .. 3 LOOP
    FOR place IN 1 .. length(folded) - size + 1 LOOP
      found := found || hashtext(salt || substr(folded, place, size));
    END LOOP;
  END LOOP;
  RETURN found;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_attention")]

    operations = [migrations.RunSQL(GRAMS, migrations.RunSQL.noop)]
