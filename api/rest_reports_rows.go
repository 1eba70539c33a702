package api

import (
	"cmp"
	"math"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/tally"
)

// reportPaths registers the reports. That of costs has a file of its own.
func (s *httpServer) reportPaths() {
	s.rest("/v1/reports/traffic", methods{http.MethodGet: anyone(account.MessagesRead, s.reportTraffic)})
	s.rest("/v1/reports/quality", methods{http.MethodGet: anyone(account.MessagesRead, s.reportQuality)})
	s.rest("/v1/reports/response", methods{http.MethodGet: anyone(account.MessagesRead, s.reportResponse)})
	s.rest("/v1/reports/accounts", methods{http.MethodGet: anyone(account.MessagesRead, s.reportAccounts)})
	s.rest("/v1/reports/availability", methods{http.MethodGet: anyone(account.MessagesRead, s.reportAvailability)})

	s.describeReport("Traffic", "How much was sent and received", "By period unless `by` says otherwise.", &listing{"traffic", resource.TrafficReport(), trafficView{}}, "by=period&step=day")
	s.describeReport("Quality", "What became of messages", "By link and network unless `by` says otherwise; with `failure` a row for each reason.", &listing{"quality", resource.QualityReport(), qualityView{}}, "by=link")
	s.describeReport("Response", "How long operators' answers and deliveries took", "By link unless `by` says otherwise. Answers are of links and of no account: they are left out for one.", &listing{"response", resource.ResponseReport(), responseView{}}, "by=link")
	s.describeReport("Accounts", "Accounts by how much they send", "An account sees itself.", &listing{"accounts", resource.AccountsReport(), accountFiguresView{}}, "sort=-accepted")
	s.describeReport("Availability", "When links and interfaces were there", "By kind and name unless `by` says otherwise. Links are shown to administrators.", &listing{"availability", resource.AvailabilityReport(), availabilityView{}}, "kind=interface")
}

func (s *httpServer) describeReport(title, summary, text string, list *listing, query string) {
	path := "/v1/reports/" + list.key
	s.describe("GET "+path, description{
		name: "report" + title, summary: summary,
		text: text + " The last 31 days unless `since` and `until` say otherwise, in the account's time zone or that of `zone`; docs/reports.md says what each figure means. With `format`, or by the header Accept, all rows come as a table.",
		list: list, tables: []string{csvMedia, xlsxMedia, ndjsonMedia},
		query:    []parameter{{"format", "of the answer: a page of JSON, or all of it as a table", oneOf(append([]string{"json"}, reportForms...)...)}},
		examples: []example{{name: "page", call: path + "?" + query}, {name: "table", call: path + "?" + query + "&format=csv", media: csvMedia}},
	})
}

// trafficView is how much was sent and received.
type trafficView struct {
	Period      string `json:"period,omitempty" doc:"hour, day or month by the zone of the report"`
	Account     string `json:"account,omitempty"`
	Link        string `json:"link,omitempty"`
	Network     string `json:"network,omitempty" doc:"MCC and MNC of the network, or its country"`
	NetworkName string `json:"network_name,omitempty" doc:"name and country of the network"`
	Accepted    int64  `json:"accepted" doc:"messages accepted"`
	Parts       int64  `json:"parts" doc:"their parts"`
	Delivered   int64  `json:"delivered" doc:"messages that became delivered"`
	Sent        int64  `json:"sent" doc:"messages that became sent: nobody asked for a receipt"`
	Failed      int64  `json:"failed" doc:"messages that ended in any other way"`
	Inbound     int64  `json:"inbound" doc:"messages from phones"`
}

// reported reads what a report is asked for and in which form.
func (s *httpServer) reported(r *http.Request, a *account.Account, noun *resource.Noun, by ...string) (*asked, string, *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return nil, "", p
	}
	form, p := exportForm(r, params, reportForms)
	if p != nil {
		return nil, "", p
	}
	q, p := s.parseReport(params, a, noun, by...)
	return q, form, p
}

// reportTraffic is GET /v1/reports/traffic.
func (s *httpServer) reportTraffic(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.TrafficReport()
	q, form, p := s.reported(r, a, noun, "period")
	if p != nil {
		return p
	}
	kinds := []gateway.CountKind{gateway.CountAccepted, gateway.CountParts, gateway.CountFinal, gateway.CountInbound}
	found, p := sums(s, r, q, kinds, (*trafficView).add)
	if p != nil {
		return p
	}
	for i, k := range found.keys {
		v := &found.rows[i]
		v.Period, v.Account, v.Link, v.Network, v.NetworkName = k.period, k.account, k.link, k.network, q.networkName(k.network)
	}
	return answerReport(s, w, r, "traffic", form, noun, q, found.rows, (*trafficView).cell)
}

func (v *trafficView) add(c *gateway.Count) {
	switch {
	case c.Kind == gateway.CountAccepted:
		v.Accepted += c.N
	case c.Kind == gateway.CountParts:
		v.Parts += c.N
	case c.Kind == gateway.CountInbound:
		v.Inbound += c.N
	case c.State == message.Delivered:
		v.Delivered += c.N
	case c.State == message.Sent:
		v.Sent += c.N
	default:
		v.Failed += c.N
	}
}

func (v *trafficView) cell(field string) any {
	switch field {
	case "account":
		return v.Account
	case "link":
		return v.Link
	case "network":
		return v.Network
	case "accepted":
		return v.Accepted
	case "parts":
		return v.Parts
	case "delivered":
		return v.Delivered
	case "sent":
		return v.Sent
	case "failed":
		return v.Failed
	case "inbound":
		return v.Inbound
	}
	return v.Period
}

// networkName is name and country of a network; empty where nothing more than its code is known.
func (q *asked) networkName(code string) string {
	n := q.names[code]
	switch {
	case n.Name == "":
		return ""
	case n.Country == "":
		return n.Name
	}
	return n.Name + " (" + n.Country + ")"
}

// qualityView is what became of messages.
type qualityView struct {
	Period        string   `json:"period,omitempty" doc:"hour, day or month by the zone of the report"`
	Account       string   `json:"account,omitempty"`
	Link          string   `json:"link,omitempty"`
	Network       string   `json:"network,omitempty" doc:"MCC and MNC of the network, or its country"`
	NetworkName   string   `json:"network_name,omitempty" doc:"name and country of the network"`
	Failure       string   `json:"failure,omitempty" doc:"why: none for those that arrived or were given up for no reason that is known"`
	Ended         int64    `json:"ended" doc:"messages that came to a final state"`
	Delivered     int64    `json:"delivered" doc:"of them those that were delivered"`
	Sent          int64    `json:"sent" doc:"that were sent, without a receipt"`
	Undeliverable int64    `json:"undeliverable" doc:"that could not be delivered"`
	Rejected      int64    `json:"rejected" doc:"that the operator refused"`
	Expired       int64    `json:"expired" doc:"whose time was over"`
	Unknown       int64    `json:"unknown" doc:"of which nobody knows"`
	Deleted       int64    `json:"deleted" doc:"that were cancelled"`
	DeliveredPart *float64 `json:"delivered_part,omitempty" doc:"what part was delivered of those that were delivered, undeliverable, rejected, expired or unknown: 0 to 1; left out where there are none"`
}

// reportQuality is GET /v1/reports/quality.
func (s *httpServer) reportQuality(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.QualityReport()
	q, form, p := s.reported(r, a, noun, "link", "network")
	if p != nil {
		return p
	}
	found, p := sums(s, r, q, []gateway.CountKind{gateway.CountFinal}, (*qualityView).add)
	if p != nil {
		return p
	}
	for i, k := range found.keys {
		v := &found.rows[i]
		v.Period, v.Account, v.Link, v.Network, v.NetworkName, v.Failure = k.period, k.account, k.link, k.network, q.networkName(k.network), k.failure
		v.DeliveredPart = part(v.Delivered, v.Ended-v.Sent-v.Deleted)
	}
	return answerReport(s, w, r, "quality", form, noun, q, found.rows, (*qualityView).cell)
}

func (v *qualityView) add(c *gateway.Count) {
	v.Ended += c.N
	switch c.State {
	case message.Delivered:
		v.Delivered += c.N
	case message.Sent:
		v.Sent += c.N
	case message.Undeliverable:
		v.Undeliverable += c.N
	case message.Rejected:
		v.Rejected += c.N
	case message.Expired:
		v.Expired += c.N
	case message.Deleted:
		v.Deleted += c.N
	default:
		v.Unknown += c.N
	}
}

func (v *qualityView) cell(field string) any {
	switch field {
	case "account":
		return v.Account
	case "link":
		return v.Link
	case "network":
		return v.Network
	case "ended":
		return v.Ended
	case "delivered":
		return v.Delivered
	case "undeliverable":
		return v.Undeliverable
	case "rejected":
		return v.Rejected
	case "expired":
		return v.Expired
	case "unknown":
		return v.Unknown
	case "delivered_part":
		return partCell(v.DeliveredPart)
	}
	return v.Period
}

// part gives n of all as a number from 0 to 1, to four digits; nil of nothing.
func part(n, all int64) *float64 {
	if all <= 0 {
		return nil
	}
	p := math.Round(float64(n)/float64(all)*1e4) / 1e4
	return &p
}

// partCell is what rows are sorted by; those without come first.
func partCell(p *float64) float64 {
	if p == nil {
		return -1
	}
	return *p
}

// responseView is how long answers of operators and deliveries took.
type responseView struct {
	Period         string   `json:"period,omitempty" doc:"hour, day or month by the zone of the report"`
	Account        string   `json:"account,omitempty"`
	Link           string   `json:"link,omitempty"`
	Answers        int64    `json:"answers" doc:"answers of the operator"`
	AnswerP50      float64  `json:"answer_p50_ms" doc:"within what time half of the answers came"`
	AnswerP90      float64  `json:"answer_p90_ms" doc:"within what time 90 of 100 answers came"`
	AnswerP99      float64  `json:"answer_p99_ms" doc:"within what time 99 of 100 answers came"`
	Deliveries     int64    `json:"deliveries" doc:"messages that were delivered"`
	DeliveryP50    float64  `json:"delivery_p50_ms" doc:"within what time of their acceptance half of them were"`
	DeliveryP90    float64  `json:"delivery_p90_ms" doc:"within what time 90 of 100 were"`
	DeliveryP99    float64  `json:"delivery_p99_ms" doc:"within what time 99 of 100 were"`
	WithinTen      *float64 `json:"within_10s_part,omitempty" doc:"what part was delivered within ten seconds, 0 to 1"`
	answers, times tally.Histogram
}

// reportResponse is GET /v1/reports/response.
func (s *httpServer) reportResponse(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.ResponseReport()
	q, form, p := s.reported(r, a, noun, "link")
	if p != nil {
		return p
	}
	kinds := []gateway.CountKind{gateway.CountArrival}
	if q.all && !q.is("account") {
		kinds = append(kinds, gateway.CountAnswer)
	}
	found, p := sums(s, r, q, kinds, func(v *responseView, c *gateway.Count) {
		if c.Kind == gateway.CountAnswer {
			v.answers.Add(c.Class, c.N)
		} else {
			v.times.Add(c.Class, c.N)
		}
	})
	if p != nil {
		return p
	}
	for i, k := range found.keys {
		v := &found.rows[i]
		v.Period, v.Account, v.Link = k.period, k.account, k.link
		v.figures()
	}
	return answerReport(s, w, r, "response", form, noun, q, found.rows, (*responseView).cell)
}

// figures makes quantiles of the histograms.
func (v *responseView) figures() {
	at := func(h *tally.Histogram, q float64) float64 { return milliseconds(h.Quantile(q)) }
	v.Answers, v.AnswerP50, v.AnswerP90, v.AnswerP99 = v.answers.Count(), at(&v.answers, .5), at(&v.answers, .9), at(&v.answers, .99)
	v.Deliveries, v.DeliveryP50, v.DeliveryP90, v.DeliveryP99 = v.times.Count(), at(&v.times, .5), at(&v.times, .9), at(&v.times, .99)
	if v.Deliveries > 0 {
		within := math.Round(v.times.Within(10*time.Second)*1e4) / 1e4
		v.WithinTen = &within
	}
}

func (v *responseView) cell(field string) any {
	switch field {
	case "account":
		return v.Account
	case "link":
		return v.Link
	case "answers":
		return v.Answers
	case "answer_p50_ms":
		return v.AnswerP50
	case "answer_p99_ms":
		return v.AnswerP99
	case "deliveries":
		return v.Deliveries
	case "delivery_p50_ms":
		return v.DeliveryP50
	case "delivery_p99_ms":
		return v.DeliveryP99
	}
	return v.Period
}

// accountFiguresView is an account with what it sent.
type accountFiguresView struct {
	Period        string   `json:"period,omitempty" doc:"hour, day or month by the zone of the report"`
	Account       string   `json:"account"`
	Accepted      int64    `json:"accepted" doc:"messages accepted"`
	Parts         int64    `json:"parts" doc:"their parts"`
	Delivered     int64    `json:"delivered" doc:"messages that became delivered"`
	Failed        int64    `json:"failed" doc:"messages that became undeliverable, rejected, expired or unknown"`
	Inbound       int64    `json:"inbound" doc:"messages from phones"`
	DeliveredPart *float64 `json:"delivered_part,omitempty" doc:"what part was delivered of those that were delivered or failed: 0 to 1"`
	AcceptedPart  *float64 `json:"accepted_part,omitempty" doc:"what part it has of all messages accepted: 0 to 1"`
}

// reportAccounts is GET /v1/reports/accounts.
func (s *httpServer) reportAccounts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.AccountsReport()
	q, form, p := s.reported(r, a, noun, "account")
	if p != nil {
		return p
	}
	kinds := []gateway.CountKind{gateway.CountAccepted, gateway.CountParts, gateway.CountFinal, gateway.CountInbound}
	found, p := sums(s, r, q, kinds, (*accountFiguresView).add)
	if p != nil {
		return p
	}
	all := int64(0)
	for i := range found.rows {
		all += found.rows[i].Accepted
	}
	for i, k := range found.keys {
		v := &found.rows[i]
		v.Period, v.Account = k.period, k.account
		v.DeliveredPart, v.AcceptedPart = part(v.Delivered, v.Delivered+v.Failed), part(v.Accepted, all)
	}
	return answerReport(s, w, r, "accounts", form, noun, q, found.rows, (*accountFiguresView).cell)
}

func (v *accountFiguresView) add(c *gateway.Count) {
	switch {
	case c.Kind == gateway.CountAccepted:
		v.Accepted += c.N
	case c.Kind == gateway.CountParts:
		v.Parts += c.N
	case c.Kind == gateway.CountInbound:
		v.Inbound += c.N
	case c.State == message.Delivered:
		v.Delivered += c.N
	case c.State != message.Sent && c.State != message.Deleted:
		v.Failed += c.N
	}
}

func (v *accountFiguresView) cell(field string) any {
	switch field {
	case "account":
		return v.Account
	case "accepted":
		return v.Accepted
	case "parts":
		return v.Parts
	case "delivered":
		return v.Delivered
	case "failed":
		return v.Failed
	case "inbound":
		return v.Inbound
	case "delivered_part":
		return partCell(v.DeliveredPart)
	}
	return cmp.Or(v.Period, v.Account)
}
