"""专题库: enterprises, places, facilities, people, teams, goods."""
