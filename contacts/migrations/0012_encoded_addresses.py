from importlib import import_module

from django.db import migrations

before = import_module("contacts.migrations.0009_erasures")

# Addresses in links are percent-encoded, maybe twice: `contacts.erasing.traces` reads them in the same way.
PLAIN = r"""
CREATE FUNCTION plain_addresses(text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(text, '%') = 0 THEN text ELSE
    replace(replace(
      regexp_replace(
        regexp_replace(text, '%(25)*(0[9ad]|2[0267-9cf]|3[a-f]|5[bd]|7c)', ' ', 'g'), '%(25)+', '%', 'g'),
    '%40', '@'), '%2b', '+') END
$$;
CREATE OR REPLACE FUNCTION mentions_address(text text, wanted text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (strpos(text, '@') > 0 OR text ~ '%(25)*40') AND EXISTS (
    SELECT FROM regexp_matches(
      plain_addresses(lower(text COLLATE "pg_c_utf8")),
      '[^\s<>,;:"''()\[\]?&=/|]+@[^\s<>,;:"''()\[\]?&=/|]+', 'g'
    ) AS found WHERE rtrim(found[1], '.') = ANY(wanted))
$$;
"""
AS_BEFORE = before.MENTIONS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + "DROP FUNCTION plain_addresses;"


class Migration(migrations.Migration):
    dependencies = [("contacts", "0011_frequent_words")]

    operations = [migrations.RunSQL(PLAIN, AS_BEFORE)]
