-- Orders of many buyers with many suppliers, and what is made for them. Ids count, so that whoever
-- knows a number knows the row: see `Seeded`. Nothing of it is announced.
CREATE SCHEMA IF NOT EXISTS benchmarks;
CREATE OR REPLACE FUNCTION benchmarks.id(kind int, number bigint) RETURNS uuid LANGUAGE sql
    IMMUTABLE RETURN ('01930000-' || lpad(to_hex(kind), 4, '0') || '-7000-8000-'
        || lpad(to_hex(number), 12, '0'))::uuid;
