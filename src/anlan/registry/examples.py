"""The example row of each import template, field → value; areas stand by their names."""

Example = dict[str, object]

ENTERPRISE: Example = {
    "name": "深圳市坪山区示例五金有限公司",
    "credit_code": "91440310MAX9000136",
    "industry": "33",
    "area": "六联社区",
    "employees": 86,
    "contact_phone": "19900000001",
}
TEAM: Example = {
    "name": "示例应急救援队",
    "discipline": "comprehensive",
    "area": "坪山街道",
    "members": 30,
    "leader_phone": "19900000002",
}
PERSON: Example = {"name": "张三", "kind": "inspector", "area": "坪山街道", "telephone": "19900000003"}
PLACE: Example = {"name": "示例小学", "kind": "school", "area": "六联社区"}
FACILITY: Example = {"name": "示例水库", "kind": "reservoir", "area": "马峦社区"}
SHELTER: Example = {
    "name": "示例公园应急避难场所",
    "area": "六联社区",
    "category": "outdoor",
    "capacity": 1200,
    "occupancy": 0,
    "cameras": 2,
}
STOCK: Example = {
    "name": "示例街道应急物资仓库",
    "item": "编织袋",
    "area": "坪山街道",
    "category": "flood",
    "quantity": 5000,
    "unit": "条",
    "minimum": 4000,
}
