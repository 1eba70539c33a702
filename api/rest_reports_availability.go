package api

import (
	"math"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
	"kurir/tally"
)

// availableLeast is what a link or an interface is measured against.
const availableLeast = 0.9999

// availabilityView is how a link or an interface was there.
type availabilityView struct {
	Period    string   `json:"period,omitempty" doc:"hour, day or month by the zone of the report"`
	Kind      string   `json:"kind,omitempty" doc:"interface or link"`
	Name      string   `json:"name,omitempty"`
	Part      *float64 `json:"available_part,omitempty" doc:"what part of the time that counts it was there: 0 to 1; left out where none counts"`
	Met       *bool    `json:"met,omitempty" doc:"whether that is at least 0.9999"`
	Up        int64    `json:"up_s" doc:"seconds that it was there"`
	Down      int64    `json:"down_s" doc:"seconds that it was not"`
	Planned   int64    `json:"planned_s" doc:"seconds of planned maintenance, which count for nothing"`
	Stopped   int64    `json:"stopped_s" doc:"seconds that somebody had stopped it, likewise"`
	Outages   int64    `json:"outages" doc:"how often it was not there"`
	LongestIs int64    `json:"longest_s" doc:"seconds of the longest of them"`
}

// reportAvailability is GET /v1/reports/availability.
func (s *httpServer) reportAvailability(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.AvailabilityReport()
	q, form, p := s.reported(r, a, noun, "kind", "name")
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	whole := tally.Span{From: q.cut.From.UnixMilli(), Until: min(q.cut.Until.UnixMilli(), s.Now().UnixMilli())}
	found, err := s.Reports.Presence(ctx, whole)
	if err != nil {
		return readProblem(err, "report")
	}
	var rows []availabilityView
	for i := range found {
		if f := &found[i]; a.Admin || !f.Link {
			rows = append(rows, q.availability(f, whole)...)
		}
	}
	return answerReport(s, w, r, "availability", form, noun, q, rows, (*availabilityView).cell)
}

// availability gives the rows of one link or interface. A report by anything has its kind and name: times of several are not
// to be added up.
func (q *asked) availability(f *gateway.Present, whole tally.Span) (rows []availabilityView) {
	spans, names := []tally.Span{whole}, []string{""}
	if q.is("period") {
		spans, names = nil, nil
		for i := range q.cut.Starts {
			s := q.cut.Span(i)
			spans, names = append(spans, tally.Span{From: s.From, Until: min(s.Until, whole.Until)}), append(names, q.period(i))
		}
	}
	for i, span := range spans {
		av := tally.Availability(span, &f.Seen)
		if av == (tally.Available{}) {
			continue // it was not there yet, or is no more
		}
		v := availabilityView{
			Period: names[i], Kind: "interface", Name: f.Name, Up: seconds(av.Up), Down: seconds(av.Down), Planned: seconds(av.Planned),
			Stopped: seconds(av.Stopped), Outages: int64(av.Outages), LongestIs: seconds(av.Longest),
		}
		if f.Link {
			v.Kind = "link"
		}
		if av.Counts() > 0 {
			met, rounded := av.Part() >= availableLeast, math.Round(av.Part()*1e6)/1e6
			v.Part, v.Met = &rounded, &met
		}
		rows = append(rows, v)
	}
	return rows
}

func seconds(d time.Duration) int64 { return int64((d + time.Second/2) / time.Second) }

func (v *availabilityView) cell(field string) any {
	switch field {
	case "kind":
		return v.Kind
	case "name":
		return v.Name
	case "available_part":
		return partCell(v.Part)
	case "down_s":
		return v.Down
	case "outages":
		return v.Outages
	}
	return v.Period
}
