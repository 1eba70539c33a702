package app

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"kurir/config"
	"kurir/resource"
)

// mostAudited bounds what one entry of the audit keeps of values, in octets: a list of ten thousand numbers is not kept twice with
// each change.
const mostAudited = 32 << 10

// auditData gives what the audit keeps of a change: the fields that differ as they were and as they are, with stars for secrets. It is
// empty when that would be too much; which fields they are is kept all the same. was is nil for what is made, is for what goes.
func auditData(kind string, was, is map[string]any) (string, error) {
	before, after := map[string]any{}, map[string]any{}
	hiddenWas, hiddenIs := config.Hide(kind, was), config.Hide(kind, is)
	for field, value := range was {
		if now, stays := is[field]; !stays || !reflect.DeepEqual(value, now) {
			before[field] = hiddenWas[field]
		}
	}
	for field, value := range is {
		if old, was := was[field]; !was || !reflect.DeepEqual(value, old) {
			after[field] = hiddenIs[field]
		}
	}
	data, err := json.Marshal(resource.Audited{Before: before, After: after})
	if err != nil {
		return "", fmt.Errorf("write what is changed of %s: %w", kind, err)
	}
	if len(data) > mostAudited {
		return "", nil
	}
	return string(data), nil
}

// auditedFor gives the accounts in whose audit a change of a setting stands: those whose it was or is. was is nil for what is made, is
// for what goes; nothing for what is the server's own.
func auditedFor(kind, name string, was, is map[string]any) (accounts []string) {
	if kind == "accounts" {
		return []string{name}
	}
	for _, value := range []map[string]any{was, is} {
		switch of := value["account"].(type) {
		case string:
			accounts = append(accounts, of)
		case []any: // of routes, where it may be several
			for _, one := range of {
				if of, isText := one.(string); isText {
					accounts = append(accounts, of)
				}
			}
		}
	}
	slices.Sort(accounts)
	return slices.DeleteFunc(slices.Compact(accounts), func(name string) bool { return name == "" })
}
