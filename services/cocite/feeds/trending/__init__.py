"""What readers turn to these days, counted in Redis and made anew from the catalogue; see docs/trending.md."""
