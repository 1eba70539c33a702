package web

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// sendingsLooks is how many of the last messages are looked at for sendings to several.
const sendingsLooks = 1000

// sendingsShown is how many sendings are listed.
const sendingsShown = 50

// sendingsView is the list of messages to several.
type sendingsView struct {
	Rows []sendingRow
	Open bool // one of them is under way
}

// sendingRow is one of them.
type sendingRow struct {
	At, Time, Reference string
	State               gateway.JobState // empty where no job sends it
	Messages            int64
	id                  message.ID
}

// sendingsPage lists the sendings of the account that go on or have ended lately, and those to fewer phones among the last messages.
func (v *visit) sendingsPage() {
	rows := map[string]*sendingRow{}
	for _, j := range v.Core.Mailings(v.account.Name) {
		key := cmp.Or(j.Reference, j.ID.String())
		rows[key] = &sendingRow{At: sendingAt(key), Time: showTime(j.Began), Reference: j.Reference, State: j.State, Messages: j.Accepted, id: j.ID}
	}
	list, _, err := v.Core.Messages(v.r.Context(), gateway.Filter{Account: v.account.Name, Via: message.ViaWeb, Limit: sendingsLooks})
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	for _, m := range list {
		have := rows[m.Reference]
		switch {
		case !strings.HasPrefix(m.Reference, batchPrefix), have != nil && have.State != "":
			continue
		case have == nil:
			have = &sendingRow{At: sendingAt(m.Reference), Reference: m.Reference}
			rows[m.Reference] = have
		}
		have.Messages++
		have.id, have.Time = m.ID, showTime(m.ID.Time())
	}
	shown := &sendingsView{}
	for _, r := range slices.SortedFunc(maps.Values(rows), func(a, b *sendingRow) int { return cmp.Compare(b.id, a.id) }) {
		shown.Open = shown.Open || r.State.Open()
		if len(shown.Rows) < sendingsShown {
			shown.Rows = append(shown.Rows, *r)
		}
	}
	v.render(http.StatusOK, "sendings", "sendings.title", shown)
}

// sendingView is the page of one.
type sendingView struct {
	At, Reference, Time    string
	Job                    *gateway.MailingJob // nil where no job sends it
	States                 []stateCount
	Whole                  bool // all messages are counted
	Messages, Over, Of     int64
	Refused                []refusedCount
	RefusedAll             int64
	Open, Paused, Acts     bool
	Pauses, Resumes, Stops bool // what can be done now
}

// stateCount is how many messages are in a state.
type stateCount struct {
	State string
	N     int64
}

// refusedCount is how many were refused for a reason.
type refusedCount struct {
	Why string
	N   int64
}

// sending finds the one that the path names: by the id of its job, or by its reference. There is none if neither job nor message
// has it.
func (v *visit) sending() (*sendingView, bool) {
	named := v.r.PathValue("id")
	shown := &sendingView{At: sendingAt(named), Reference: named, Whole: true, Acts: v.user.May(account.SendMessages)}
	for _, j := range v.Core.Mailings(v.account.Name) {
		if j.ID.String() == named || j.Reference != "" && j.Reference == named {
			shown.Job, shown.Reference, shown.Time = &j, j.Reference, showTime(j.Began)
			break
		}
	}
	if shown.Reference != "" {
		t, err := v.Core.Tally(v.r.Context(), v.account.Name, shown.Reference)
		if err != nil {
			v.fail(http.StatusServiceUnavailable, "error.database")
			return nil, false
		}
		shown.count(t)
	}
	if shown.Job == nil && shown.Messages == 0 {
		v.fail(http.StatusNotFound, "sendings.unknown")
		return nil, false
	}
	v.jobOf(shown)
	return shown, true
}

// count puts the counts of messages in the order of their states.
func (s *sendingView) count(t gateway.Tally) {
	s.Whole = t.Whole
	waits := int64(0)
	for _, state := range message.States() {
		n := t.States[state]
		if n == 0 {
			continue
		}
		s.States = append(s.States, stateCount{state.String(), n})
		if s.Messages += n; state.Final() {
			s.Over += n
		}
		if state == message.Queued || state == message.Scheduled {
			waits += n
		}
	}
	s.Open = s.Over < s.Messages || !t.Whole
	s.Pauses, s.Resumes, s.Stops = waits > 0, waits > 0, waits > 0
}

// jobOf tells how the job stands that sends it.
func (v *visit) jobOf(s *sendingView) {
	j := s.Job
	s.Of = s.Messages
	if j == nil {
		return
	}
	s.Messages = max(s.Messages, j.Accepted)
	for why, n := range j.Refused {
		s.Refused = append(s.Refused, refusedCount{v.inWords(why), n})
		s.RefusedAll += n
	}
	slices.SortFunc(s.Refused, func(a, b refusedCount) int { return cmp.Compare(b.N, a.N) })
	s.Of = s.Messages
	if j.State.Open() {
		s.Open, s.Stops = true, true
		s.Paused = j.State == gateway.JobPaused
		s.Pauses, s.Resumes = !s.Paused, s.Paused
		s.Of = max(s.Of, j.Expected-s.RefusedAll)
	}
}

// sendingPage shows how far one is.
func (v *visit) sendingPage() {
	if shown, ok := v.sending(); ok {
		v.render(http.StatusOK, "sending", "sending.title", shown)
	}
}

// pauseSending has a sending pause: its job, and what was accepted and has not left.
func (v *visit) pauseSending() { v.actOnSending(v.Core.PauseMailing, gateway.ActPause) }

// resumeSending lets it go on.
func (v *visit) resumeSending() { v.actOnSending(v.Core.ResumeMailing, gateway.ActResume) }

// cancelSending ends it: what has not left is cancelled.
func (v *visit) cancelSending() { v.actOnSending(v.Core.StopMailing, gateway.ActCancel) }

func (v *visit) actOnSending(job actOnMailing, act gateway.QueueAct) {
	s, ok := v.sending()
	if !ok {
		return
	}
	if s.Job != nil && s.Job.State.Open() {
		if _, err := job(v.r.Context(), v.account.Name, s.Job.ID); err != nil && !errors.Is(err, gateway.ErrNotFound) {
			v.fail(http.StatusServiceUnavailable, "error.database")
			return
		}
	}
	if s.Reference != "" {
		req := gateway.ActRequest{Act: act, Filter: gateway.QueueFilter{Account: v.account.Name, Reference: s.Reference}}
		if _, err := v.Core.Act(v.account.Actor(), req, nil); err != nil {
			v.fail(http.StatusServiceUnavailable, "sending.busy")
			return
		}
	}
	v.Log.Info("a user changed a sending", "user", v.user.Name, "account", v.account.Name, "reference", s.Reference, "act", string(act))
	v.redirect(s.At)
}

// JobWords says how a job stands.
func (v *view) JobWords(state gateway.JobState) string {
	return v.T(map[gateway.JobState]string{
		gateway.JobRunning: "job.running", gateway.JobPaused: "job.paused", gateway.JobDone: "job.done", gateway.JobStopped: "job.stopped", gateway.JobFailed: "job.failed",
	}[state])
}
