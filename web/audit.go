package web

import (
	"slices"
	"strings"

	"kurir/resource"
)

// auditList is who changed what, with the fields as they were and as they are since.
func auditList() *listPage {
	return &listPage{
		title: "nav.audit", lead: "audit.lead", rest: "/v1/audit", rows: "audit", noun: resource.Audits,
		filters: []string{"noun", "name", "who"},
		columns: []column{
			{field: "at", kind: aTime},
			{field: "who"},
			{field: "noun", kind: aCode},
			{field: "name"},
			{field: "action", kind: aWord},
			{field: "fields", kind: someLines, show: func(_ *visit, r row) string { return difference(r) }},
		},
	}
}

// difference says what a change changed, a field a line: what was there alone is taken out, what is there alone is new.
func difference(r row) string {
	before, _ := r.at("before").(map[string]any)
	after, _ := r.at("after").(map[string]any)
	if len(before)+len(after) == 0 {
		return r.text("fields")
	}
	names := append(sortedKeys(before), sortedKeys(after)...)
	if fields, _ := r.at("fields").([]any); len(fields) > 0 { // of some who asks is not told what they were and are
		for _, field := range fields {
			names = append(names, textOf(field))
		}
	}
	slices.Sort(names)
	var lines []string
	for _, name := range slices.Compact(names) {
		if before[name] == nil && after[name] == nil {
			lines = append(lines, name)
			continue
		}
		lines = append(lines, changedLines(name, before[name], after[name])...)
	}
	return strings.Join(lines, "\n")
}

// changedLines says how a value changed; of fields within it what is the same is left out.
func changedLines(name string, before, after any) []string {
	old, wasObject := before.(map[string]any)
	now, isObject := after.(map[string]any)
	if wasObject && isObject {
		var lines []string
		for _, field := range resource.Differences(old, now) {
			lines = append(lines, changedLines(name+"."+field, old[field], now[field])...)
		}
		return lines
	}
	was, is := clipped(textOf(before), 200), clipped(textOf(after), 200)
	switch {
	case before == nil:
		return []string{"+ " + name + ": " + is}
	case after == nil:
		return []string{"− " + name + ": " + was}
	}
	return []string{name + ": " + was + " → " + is}
}
