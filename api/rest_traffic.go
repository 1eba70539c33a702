package api

import (
	"net/http"
	"time"

	"kurir/account"
	"kurir/message"
)

// courseView is the answer of /v1/status/traffic.
type courseView struct {
	Every    float64           `json:"every_seconds" doc:"how far apart points are"`
	Points   []coursePoint     `json:"points" doc:"of the last ten minutes, oldest first"`
	Failures []failureKindView `json:"failures" doc:"messages that ended within these ten minutes and had not arrived, by what they failed of last"`
}

// coursePoint is so many a second, between the point before and at.
type coursePoint struct {
	At        string  `json:"at"`
	Accepted  float64 `json:"accepted" doc:"messages accepted, a second"`
	Taken     float64 `json:"taken"`
	Delivered float64 `json:"delivered"`
	Failed    float64 `json:"failed" doc:"ended, and had not arrived"`
	Inbound   float64 `json:"inbound"`
}

// failureKindView is how often something was the reason.
type failureKindView struct {
	Code     string `json:"code" doc:"as error.code of a message; none: nobody said why"`
	Detail   string `json:"detail"`
	Messages int64  `json:"messages"`
}

// coursePaths registers the course of what the server does.
func (s *httpServer) coursePaths() {
	s.rest("/v1/status/traffic", methods{http.MethodGet: admins(account.LinksRead, s.getCourse)})
	s.describe("GET /v1/status/traffic", description{
		name: "getCourse", summary: "The course of the last ten minutes: rates every two seconds, and of what messages failed", needs: inLanguage,
		answers: map[int]any{http.StatusOK: courseView{}}, examples: []example{{call: "/v1/status/traffic"}},
	})
}

// getCourse is GET /v1/status/traffic, for admins.
func (s *httpServer) getCourse(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	v := s.Status.traffic(languageOf(r))
	return answerJSON(w, &v)
}

// traffic makes points of the samples, with the failures' sentences in a language.
func (s *Status) traffic(language string) courseView {
	v := courseView{Every: rateEvery.Seconds(), Points: []coursePoint{}, Failures: []failureKindView{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.samples); i++ {
		v.Points = append(v.Points, s.samples[i].since(&s.samples[i-1]))
	}
	if len(s.samples) == 0 {
		return v
	}
	first, last := &s.samples[0], &s.samples[len(s.samples)-1]
	for kind := range last.failures {
		n := last.failures[kind] - first.failures[kind]
		if n == 0 {
			continue
		}
		k := message.FailureKind(kind)
		one := failureKindView{Code: k.Code(), Detail: k.Sentence(language), Messages: n}
		if k == message.NoFailure {
			one.Detail = message.Unknown.Sentence(language)
		}
		v.Failures = append(v.Failures, one)
	}
	return v
}

// since gives the rates between two samples.
func (t *totals) since(before *totals) coursePoint {
	seconds := max(t.at.Sub(before.at), rateEvery/2).Seconds()
	per := func(now, then int64) float64 { return rounded(float64(max(0, now-then)) / seconds) }
	return coursePoint{
		At: seenTime(t.at.Truncate(time.Millisecond)), Accepted: per(t.accepted, before.accepted), Taken: per(t.taken, before.taken),
		Delivered: per(t.did, before.did), Failed: per(t.final-t.did, before.final-before.did), Inbound: per(t.inbound, before.inbound),
	}
}
