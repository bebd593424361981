"""What may be asked of onboarding. Every query starts from what the caller may see."""

CHECKS = {
    "a relationship is in the state to which its last step led": """
        SELECT relationships.id FROM relationships
        LEFT JOIN LATERAL (
            SELECT state FROM steps WHERE relationship_id = relationships.id
            ORDER BY id DESC LIMIT 1) AS last ON true
        WHERE last.state IS DISTINCT FROM relationships.state
    """,
    "an application is in the state to which its last step led": """
        SELECT applications.id FROM applications
        LEFT JOIN LATERAL (
            SELECT kind FROM application_steps WHERE application_id = applications.id
            ORDER BY id DESC LIMIT 1) AS last ON true
        WHERE coalesce(nullif(last.kind, 'begun'), 'draft') IS DISTINCT FROM applications.state
           OR last.kind IS NULL
    """,
    "who agreed has one agreement, and nobody else": """
        SELECT applications.id FROM applications
        LEFT JOIN agreements ON agreements.application_id = applications.id
        WHERE (applications.state = 'agreed') <> (agreements.id IS NOT NULL)
    """,
    "an agreement is the text whose digest was accepted": """
        SELECT id FROM agreements
        WHERE sha256 <> encode(sha256(convert_to(text, 'UTF8')), 'hex')
    """,
    "a signed relationship says on what both agreed": """
        SELECT id FROM relationships WHERE signed_on IS NOT NULL AND terms IS NULL
    """,
    "an invitation is used for one application of its buyer": """
        SELECT invitations.id FROM invitations
        LEFT JOIN applications ON applications.id = invitations.application_id
        WHERE invitations.application_id IS NOT NULL
          AND applications.buyer_id IS DISTINCT FROM invitations.buyer_id
    """,
}
