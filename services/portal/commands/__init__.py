"""What people do in the portal: sign in and out, and what they ask of the other services."""
