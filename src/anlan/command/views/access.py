"""Who may open which page."""

from anlan.accounts.roles import Role

DESK_PAGES = (Role.DUTY_OFFICER, Role.COMMANDER, Role.ADMINISTRATOR)
READERS = (*DESK_PAGES, Role.LEADER, Role.DEPARTMENT, Role.STREET)
FIELD_PAGES = (*READERS, Role.TEAM_LEADER)
