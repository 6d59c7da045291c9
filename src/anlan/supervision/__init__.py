"""监督管理: inspections, hazards, enforcement."""
