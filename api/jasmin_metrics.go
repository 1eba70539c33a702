package api

import (
	"net/http"
	"strconv"
	"strings"

	"kurir/gateway"
)

// jasminMetrics is GET /metrics: of Jasmin's figures those that Kurir counts, in
// its text format.
func (s *httpServer) jasminMetrics(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	figure := func(name, help string, rows ...string) {
		b.WriteString("# TYPE " + name + " counter\n# HELP " + name + " " + help + "\n")
		for _, row := range rows {
			b.WriteString(name + row + "\n")
		}
	}
	one := func(name, help string, value int64) { figure(name, help, " "+itoa(value)) }
	c := &s.jasmin
	one("httpapi_request_count", "Http request count.", c.requests.Load())
	one("httpapi_auth_error_count", "Authentication error count.", c.unknown.Load())
	one("httpapi_route_error_count", "Routing error count.", c.routes.Load())
	one("httpapi_throughput_error_count", "Throughput exceeded error count.", c.fast.Load())
	one("httpapi_charging_error_count", "Charging error count.", c.charges.Load())
	one("httpapi_server_error_count", "Server error count.", c.failed.Load())
	one("httpapi_success_count", "Successful http request count.", c.good.Load())
	if s.Links.Stats != nil {
		links := s.Links.Stats()
		for _, f := range jasminLinkFigures {
			rows := make([]string, len(links))
			for i := range links {
				rows[i] = "{cid=" + strconv.Quote(links[i].Name) + "} " + itoa(f.value(&links[i]))
			}
			if len(rows) > 0 {
				figure("smppc_"+f.name, f.help, rows...)
			}
		}
	}
	if s.Sessions.List != nil {
		bound := map[string]int64{}
		all := s.Sessions.List()
		for i := range all {
			bound[all[i].Mode]++
		}
		one("smppsapi_connected_count", "Number of connected sessions.", int64(len(all)))
		one("smppsapi_bound_trx_count", "Number of bound sessions in transceiver mode.", bound["transceiver"])
		one("smppsapi_bound_rx_count", "Number of bound sessions in receiver mode.", bound["receiver"])
		one("smppsapi_bound_tx_count", "Number of bound sessions in transmitter mode.", bound["transmitter"])
	}
	writeJasmin(w, &jasminAnswer{status: http.StatusOK}, "text/plain", b.String())
}

// jasminLinkFigures are the figures of a link.
var jasminLinkFigures = []struct {
	name, help string
	value      func(l *gateway.LinkStats) int64
}{
	{"bound_count", "Number of bound sessions.", func(l *gateway.LinkStats) (n int64) {
		for i := range l.Sessions {
			if l.Sessions[i].State == "bound" {
				n++
			}
		}
		return n
	}},
	{"submit_sm_request_count", "SubmitSm pdu requests count.", func(l *gateway.LinkStats) int64 { return l.Taken + l.Failed }},
	{"submit_sm_count", "Complete SubmitSm transactions count.", func(l *gateway.LinkStats) int64 { return l.Taken }},
	{"deliver_sm_count", "DeliverSm pdu requests count.", func(l *gateway.LinkStats) int64 { return l.Receipts + l.Inbound }},
	{"throttling_error_count", "Throttling errors count.", func(l *gateway.LinkStats) int64 { return l.Throttled }},
	{"other_submit_error_count", "Other errors count.", func(l *gateway.LinkStats) int64 { return max(0, l.Failed-l.Throttled) }},
}
