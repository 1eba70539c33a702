package web

import (
	"net/url"
	"slices"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// pagesOfOps are those by which the server is watched and operated.
func pagesOfOps() []page {
	return slices.Concat(pagesOfFirst(), pagesOfLinks(), pagesOfMessages(), pagesOfInbound(), pagesOfQueues(), pagesOfWebhooks(), pagesOfAlarms())
}

// of all accounts, for lists that are of one alone unless asked.
func ofAll() url.Values { return url.Values{"account": {"*"}} }

func pagesOfFirst() []page {
	return []page{
		{pattern: "GET /console", right: account.SeeOperation, menu: "nav.first", serve: (*visit).consolePage},
		{pattern: "GET /console/live", right: account.SeeOperation, stays: true, serve: (*visit).consoleLive},
	}
}

func pagesOfLinks() []page {
	pages := []page{
		{pattern: "GET /console/links", right: account.SeeOperation, menu: "nav.links", list: &listPage{
			title: "nav.links", lead: "links.lead", rest: "/v1/links", rows: "links", noun: resource.Links, live: 5, link: "/console/links/{name}",
			columns: []column{
				{field: "name"},
				{field: "state", kind: aState},
				{field: "since", kind: aTime},
				{field: "rate", kind: aNumber, show: linkRate},
				{field: "queued", kind: aNumber},
				{field: "in_flight", kind: aNumber},
				{field: "taken", kind: aNumber},
				{field: "failed", kind: aNumber},
				{field: "throttled", kind: aNumber},
			},
			filters: []string{"state"},
			rowActs: []rowAct{
				{path: "/console/links/{name}/stop", words: "links.stop", right: account.Operate, when: func(r row) bool { return r.text("state") != "stopped" }},
				{path: "/console/links/{name}/start", words: "links.start", right: account.Operate, when: func(r row) bool { return r.text("state") == "stopped" }},
			},
		}},
		{pattern: "GET /console/links/{name}", right: account.SeeOperation, serve: (*visit).operatorLinkPage},
		{pattern: "GET /console/links/{name}/live", right: account.SeeOperation, stays: true, serve: (*visit).operatorLinkLive},
		{pattern: "POST /console/links/{name}/trace", right: account.Operate, serve: (*visit).beginTrace},
		{pattern: "POST /console/links/{name}/untrace", right: account.Operate, serve: (*visit).endTrace},
		{pattern: "POST /console/links/{name}/test", right: account.Operate, serve: (*visit).testLink},
	}
	for _, act := range []string{"stop", "start", "restart", "drain", "resume"} {
		pages = append(pages, page{pattern: "POST /console/links/{name}/" + act, right: account.Operate, serve: restAct("POST", "/v1/links/{name}/"+act, "/console/links/{name}")})
	}
	return pages
}

func pagesOfMessages() []page {
	columns := []column{
		{field: "created", kind: aTime},
		{field: "account"},
		{field: "to"},
		{field: "from"},
		{field: "text", kind: longText, right: account.SeeTexts},
		{field: "state", kind: aState},
		{field: "link"},
		{field: "reference"},
	}
	return []page{
		{pattern: "GET /console/messages", right: account.SeeMessages | account.SeeOperation, menu: "nav.messages", list: &listPage{
			title: "nav.messages", lead: "messages.lead", rest: "/v1/messages", rows: "messages", noun: resource.Messages, link: "/console/messages/{id}", names: "to",
			columns: columns, filters: []string{"to", "id", "reference", "account", "state", "accepted", "link"}, otherwise: ofAll(),
		}},
		{pattern: "GET /console/messages/{id}", right: account.SeeMessages | account.SeeOperation, serve: (*visit).messagePage},
		{pattern: "POST /console/messages/{id}/cancel", right: account.Operate, serve: (*visit).cancel},
		{pattern: "POST /console/messages/{id}/resend", right: account.Operate, serve: (*visit).resend},
		{pattern: "POST /sent/{id}/resend", right: account.SendMessages, serve: (*visit).resend},
		{pattern: "GET /console/dead", right: account.SeeMessages | account.SeeOperation, menu: "nav.dead", list: &listPage{
			title: "nav.dead", lead: "dead.lead", rest: "/v1/queues/dead", rows: "messages", noun: resource.Dead, link: "/console/messages/{id}", names: "to",
			columns: []column{
				{field: "created", kind: aTime}, {field: "account"}, {field: "to"}, {field: "state", kind: aState}, {field: "link"}, {field: "reason", show: reasonOf},
			},
			filters: []string{"to", "account", "state", "accepted", "link"}, otherwise: ofAll(),
			rowActs: []rowAct{{path: "/console/messages/{id}/resend", words: "message.resend", right: account.Operate}},
		}},
	}
}

func pagesOfInbound() []page {
	return []page{
		{pattern: "GET /console/inbound", right: account.SeeMessages | account.SeeOperation, menu: "nav.inbound", list: &listPage{
			title: "nav.inbound", lead: "inbound.lead", rest: "/v1/inbound", rows: "inbound", noun: resource.Inbound, link: "/console/inbound/{id}", names: "from",
			columns: []column{
				{field: "received", kind: aTime},
				{field: "account"},
				{field: "from"},
				{field: "to"},
				{field: "text", kind: longText, right: account.SeeTexts},
				{field: "link"},
				{field: "rule", show: func(v *visit, r row) string { return v.inWords(r.text("rule")) }},
				{field: "case"},
			},
			filters: []string{"from", "to", "account", "came", "link", "rule", "case", "unmatched"}, otherwise: ofAll(),
			acts: []listAct{{path: "/console/inbound/explain", words: "inbound.explain", right: account.SeeOperation}},
		}},
		{pattern: "GET /console/inbound/{id}", right: account.SeeMessages | account.SeeOperation, serve: (*visit).inboundPage},
		{pattern: "GET /console/inbound/explain", right: account.SeeOperation, serve: (*visit).explainPage},
		{pattern: "POST /console/inbound/explain", right: account.SeeOperation, serve: (*visit).explainInbound},
	}
}

func pagesOfQueues() []page {
	return []page{
		{pattern: "GET /console/queues", right: account.SeeOperation, menu: "nav.queues", serve: (*visit).queuesPage},
		{pattern: "POST /console/queues/act", right: account.Operate, serve: (*visit).actOnQueue},
		{pattern: "POST /console/jobs/{id}/stop", right: account.Operate, serve: restAct("DELETE", "/v1/jobs/{id}", "/console/queues")},
		{pattern: "GET /console/owed", right: account.SeeOperation, menu: "nav.owed", list: &listPage{
			title: "nav.owed", lead: "owed.lead", rest: "/v1/queues", rows: "queues", noun: resource.Queues, live: 5,
			columns: []column{
				{field: "account"},
				{field: "kind", kind: aWord},
				{field: "owed", kind: aNumber},
				{field: "waiting_for_retry", kind: aNumber},
				{field: "in_flight", kind: aNumber},
				{field: "oldest", kind: aTime},
				{field: "present", kind: aWord},
				{field: "last_error.text"},
			},
			filters: []string{"account", "kind", "present"},
		}},
		{pattern: "GET /console/sessions", right: account.SeeOperation, menu: "nav.sessions", list: &listPage{
			title: "nav.sessions", lead: "sessions.lead", rest: "/v1/sessions", rows: "sessions", noun: resource.Sessions, live: 5,
			columns: []column{
				{field: "account"},
				{field: "peer"},
				{field: "mode", kind: aWord},
				{field: "version"},
				{field: "since", kind: aTime},
				{field: "submits_per_second", kind: aNumber},
				{field: "submits.in_use", kind: aNumber},
				{field: "submits.window", kind: aNumber},
				{field: "latency.p99_ms", kind: aNumber},
				{field: "last_error.status"},
			},
			filters: []string{"account", "mode", "peer"},
			rowActs: []rowAct{{path: "/console/sessions/{id}/unbind", words: "sessions.unbind", right: account.Operate}},
		}},
		{pattern: "POST /console/sessions/{id}/unbind", right: account.Operate, serve: restAct("DELETE", "/v1/sessions/{id}", "/console/sessions")},
	}
}

func pagesOfWebhooks() []page {
	attempts := []listAct{{path: "/console/webhooks/attempts", words: "webhooks.attempts"}, {path: "/console/webhooks/dead", words: "webhooks.dead"}}
	return []page{
		{pattern: "GET /console/webhooks", right: account.SeeOperation, menu: "nav.webhooks", list: &listPage{
			title: "nav.webhooks", lead: "webhooks.lead", rest: "/v1/webhooks", rows: "webhooks", noun: resource.Webhooks, live: 5, acts: attempts,
			columns: []column{
				{field: "account"},
				{field: "kind", kind: aWord},
				{field: "address"},
				{field: "current", kind: aWord},
				{field: "owed", kind: aNumber},
				{field: "succeeded", kind: aNumber},
				{field: "failed", kind: aNumber},
				{field: "last_success", kind: aTime},
				{field: "resting_until", kind: aTime},
				{field: "last_failure.text"},
			},
			filters: []string{"account", "kind", "current", "resting"},
		}},
		{pattern: "GET /console/webhooks/attempts", right: account.SeeOperation, list: &listPage{
			title: "webhooks.attempts", lead: "webhooks.calls", rest: "/v1/webhooks/attempts", rows: "attempts", noun: resource.Attempts, live: 5,
			columns: []column{
				{field: "at", kind: aTime},
				{field: "account"},
				{field: "kind", kind: aWord},
				{field: "address"},
				{field: "message"},
				{field: "attempt", kind: aNumber},
				{field: "took_ms", kind: aNumber},
				{field: "status", kind: aNumber},
				{field: "verdict", kind: aWord},
				{field: "error", kind: longText},
			},
			filters: []string{"account", "kind", "address", "failed", "message", "at"},
		}},
		{pattern: "GET /console/webhooks/dead", right: account.SeeOperation, list: &listPage{
			title: "webhooks.dead", lead: "webhooks.given", rest: "/v1/webhooks/dead", rows: "dead", noun: resource.DeadLetters,
			columns: []column{
				{field: "at", kind: aTime},
				{field: "account"},
				{field: "kind", kind: aWord},
				{field: "address"},
				{field: "message"},
				{field: "inbound"},
				{field: "attempts", kind: aNumber},
				{field: "status", kind: aNumber},
				{field: "error", kind: longText},
			},
			filters: []string{"account", "kind", "address", "message", "at"},
			rowActs: []rowAct{
				{path: "/console/webhooks/replay?account={account}&id={message}{inbound}", words: "webhooks.replay", right: account.Operate},
				{path: "/console/webhooks/dead/{number}/remove", words: "webhooks.remove", sure: "webhooks.sure", right: account.Operate},
			},
		}},
		{pattern: "POST /console/webhooks/replay", right: account.Operate, serve: (*visit).replay},
		{pattern: "POST /console/webhooks/dead/{number}/remove", right: account.Operate, serve: restAct("DELETE", "/v1/webhooks/dead/{number}", "/console/webhooks/dead")},
	}
}

func pagesOfAlarms() []page {
	columns := []column{
		{field: "began", kind: aTime},
		{field: "kind", kind: aWord},
		{field: "about"},
		{field: "event", show: (*visit).alarmText},
		{field: "state", kind: aState},
		{field: "count", kind: aNumber},
		{field: "ended", kind: aTime},
		{field: "acknowledged_by"},
		{field: "node"},
	}
	acts := []rowAct{{
		path: "/console/alarms/{id}/acknowledge", words: "alarms.take", right: account.Operate,
		when: func(r row) bool { return r.text("state") == "open" },
	}}
	return []page{
		{pattern: "GET /console/alarms", right: account.SeeOperation, menu: "nav.alarms", list: &listPage{
			title: "nav.alarms", lead: "alarms.lead", rest: "/v1/alarms/events", rows: "events", noun: resource.Alarms, live: 3, columns: columns, rowActs: acts,
			filters: []string{"kind", "about"}, query: url.Values{"state": {"open,acknowledged"}},
			acts: []listAct{{path: "/console/events", words: "alarms.all"}},
		}},
		{pattern: "GET /console/events", right: account.SeeOperation, menu: "nav.events", list: &listPage{
			title: "nav.events", lead: "events.lead", rest: "/v1/alarms/events", rows: "events", noun: resource.Alarms, live: 5, columns: columns, rowActs: acts,
			filters: []string{"kind", "about", "state", "began"},
		}},
		{pattern: "POST /console/alarms/{id}/acknowledge", right: account.Operate, serve: restAct("POST", "/v1/alarms/events/{id}/acknowledge", "/console/alarms")},
	}
}

// sendable tells whether a message in a state may be sent again.
func sendable(s message.State) bool { return slices.Contains(gateway.DeadStates(), s) }

// reasonOf is why a message of a list did not arrive, in words.
func reasonOf(_ *visit, r row) string {
	why, _ := r.at("error").(map[string]any)
	return row(why).text("detail")
}
