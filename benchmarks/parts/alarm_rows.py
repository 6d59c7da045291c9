"""So many open alarms and so many of earlier months, written straight into the tables of a demo district.

Two thousand devices of two metrics and a bit, a third of them in facilities; half of the alarms acknowledged, an eighth
hidden under a cause, a twentieth on the shelf, the rest in the main list; one in twenty red.
"""

DEVICES = 2_500

FILL = f"""
create temp table place as
    select row_number() over (order by id) - 1 n, id from accounts_area where level in ('street', 'community');
create temp table house as select row_number() over (order by id) - 1 n, id from registry_facility limit 200;
insert into monitoring_device (code, protocol, kind, name, address, location, area_id, facility_id, status, life, level,
        token_hash, certificate_hash)
    select 'BENCH' || k, 'sl651', 'level', '测站' || k, '坪山区测试路' || k || '号',
        st_setsrid(st_makepoint(114.3 + (k %% 100) * 0.001, 22.65 + (k / 100) * 0.001), 4490),
        (select id from place where n = k %% (select count(*) from place)),
        case when k %% 3 = 0 then (select id from house where n = k %% (select count(*) from house)) end,
        'online', 'commissioned', 0, '', ''
    from generate_series(1, {DEVICES}) k;
insert into monitoring_series (device_id, key, name, unit, last_value, last_time, level)
    select d.id, key, '', 'm', 3.2, 0, 0 from monitoring_device d, unnest(array['39', '3A', '3B']) key
    where d.code like 'BENCH%%';
create temp table line as
    select row_number() over (order by s.id) n, s.id series_id, d.id device_id, d.area_id, d.location
    from monitoring_series s join monitoring_device d on d.id = s.device_id where d.code like 'BENCH%%';
create temp table person as select min(id) id from accounts_user where role = 'duty_officer';
"""

ALARMS = """
insert into monitoring_alarm (series_id, device_id, area_id, location, kind, level, highest_level, value, raised_at,
        arrived_at, announced_at, cleared_at, acknowledged_at, acknowledged_by_id, shelf_whole, shelved_until,
        shelved_by_id, chain_place)
    select series_id, device_id, area_id, location, 0, level, level, 3.2, came, came, came,
        case when %(past)s then came + interval '10 minutes' end, case when seen then came + interval '2 minutes' end,
        case when seen then person.id end, false, case when shelved then now() + interval '5 hours' end,
        case when shelved then person.id end, 1
    from person, lateral (
        select line.*, now() - (k %% %(spread)s) * interval '1 minute' - %(since)s * interval '1 minute' as came,
            (array[1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4])[k %% 20 + 1] level,
            %(past)s or k %% 2 = 0 seen, not %(past)s and k %% 20 = 0 shelved
        from generate_series(1, %(number)s) k join line on line.n = 1 + k %% (select count(*) from line)) made
"""
STEPS = """
insert into monitoring_alarmstep (alarm_id, step, at, recorded_at, level, note)
    select a.id, step, a.raised_at, a.raised_at, a.level, '' from monitoring_alarm a, unnest(array['raise', 'notify']) step
    where a.device_id in (select device_id from line);
"""
HIDE = """
update monitoring_alarm set hidden_at = raised_at, hidden_under_id = (select min(id) from monitoring_alarm where cleared_at is null)
    where cleared_at is null and acknowledged_at is null and shelved_until is null and id %% 8 = 3
"""
DONE = "analyze monitoring_alarm; analyze monitoring_alarmstep; analyze monitoring_device; analyze monitoring_series"
BARE = """
select a.id, a.level, a.kind, a.value, a.raised_at, d.name, s.key, s.last_value, p.name from monitoring_alarm a
    join monitoring_device d on d.id = a.device_id join monitoring_series s on s.id = a.series_id
    join accounts_area p on p.id = a.area_id
    where a.cleared_at is null and a.shelved_until is null and (a.hidden_at is null or a.released_at is not null)
    order by a.level desc, a.raised_at desc, a.id desc limit 30
"""
ALL = BARE.replace("limit 30", "")
"""The same of all that stand: what a page that groups them must look at."""


def fill(connection: object, *, standing: int, past: int) -> None:
    """Commits so many open alarms and so many of the past."""
    run = connection.execute  # type: ignore[attr-defined]
    run(FILL.replace("%%", "%"))
    run(ALARMS, {"number": past, "past": True, "spread": 300_000, "since": 3000})
    run(ALARMS, {"number": standing, "past": False, "spread": 1400, "since": 0})
    run(STEPS)
    run(HIDE.replace("%%", "%"))
    run(DONE)
    connection.commit()  # type: ignore[attr-defined]
