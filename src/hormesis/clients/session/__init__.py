"""HTTP for one virtual user: connections, cookies, redirects, and the record of each request."""
