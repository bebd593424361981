INSERT INTO relationships (buyer_id, buyer_name, supplier_id, supplier_name, changed_at)
SELECT id(1, buyer), '买方 ' || buyer, id(1, 65536 + supplier), '供应商 ' || supplier, now()
FROM generate_series(0, %(buyers)s::int - 1) AS buyer,
    generate_series(0, %(suppliers)s::int - 1) AS supplier
ON CONFLICT DO NOTHING
