"""负一秒: what a series will do in the next minutes, told before it does, and scored after; and what is usual for it."""
