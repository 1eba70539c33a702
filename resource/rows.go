package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rows gives the page that a Query asks of rows which are all in memory, and the position from which the next page
// goes on, 0 when this is the last. cell gives the value of a row's field: a string, a bool (filtered by true and
// false), an int64, a float64 or a time.Time. The position is a number of rows: between two pages rows may be missed
// or repeated if some come or go. Rows are sorted in place.
func Rows[T any](q Query, rows []T, cell func(row *T, field string) any) (page []T, next int64) {
	rows = slices.DeleteFunc(rows, func(row T) bool { return !q.wants(func(field string) any { return cell(&row, field) }) })
	slices.SortStableFunc(rows, func(a, b T) int {
		order := compareCells(cell(&a, q.Order.Field), cell(&b, q.Order.Field))
		if q.Order.Descending {
			return -order
		}
		return order
	})
	from := min(max(0, q.After), int64(len(rows)))
	rows = rows[from:]
	if len(rows) > q.Limit {
		return rows[:q.Limit], from + int64(q.Limit)
	}
	return rows, 0
}

// wants tells whether all conditions agree with a row.
func (q *Query) wants(cell func(field string) any) bool {
	for i := range q.Filters {
		f := &q.Filters[i]
		have := cell(f.Field)
		if at, ok := have.(time.Time); ok {
			if f.Op == From && at.Before(f.Values[0].Time) || f.Op == Until && !at.Before(f.Values[0].Time) {
				return false
			}
			continue
		}
		text := fmt.Sprint(have)
		if !slices.ContainsFunc(f.Values, func(v Value) bool { return v.Text == text }) {
			return false
		}
	}
	return true
}

// compareCells orders two values of one field.
func compareCells(a, b any) int {
	switch a := a.(type) {
	case time.Time:
		return a.Compare(b.(time.Time))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
