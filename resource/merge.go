package resource

import (
	"maps"
	"reflect"
	"slices"
)

// Merge gives what a JSON merge patch (RFC 7396) makes of a value; neither is changed.
func Merge(old, patch map[string]any) map[string]any {
	merged := maps.Clone(old)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range patch {
		switch v := value.(type) {
		case nil:
			delete(merged, name)
		case map[string]any:
			inner, _ := merged[name].(map[string]any)
			merged[name] = Merge(inner, v)
		default:
			merged[name] = v
		}
	}
	return merged
}

// Differences names the fields at the top in which two values differ, in alphabetical order.
func Differences(a, b map[string]any) []string {
	var names []string
	for name := range a {
		if other, ok := b[name]; !ok || !reflect.DeepEqual(a[name], other) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
