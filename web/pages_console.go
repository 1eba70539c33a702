package web

import (
	"kurir/account"
	"kurir/resource"
)

// pagesOfConsole are those of who operates the server.
func pagesOfConsole() []page {
	return []page{
		{pattern: "GET /console/nodes", right: account.SeeOperation, menu: "nav.nodes", list: &listPage{
			title: "nav.nodes", lead: "nodes.lead", rest: "/v1/nodes", rows: "nodes", noun: resource.Nodes, live: 5,
			columns: []column{
				{field: "name"}, {field: "state", kind: aState}, {field: "host"}, {field: "version"}, {field: "renewed", kind: aTime}, {field: "leases", kind: aList},
			},
			filters: []string{"state"},
		}},
	}
}
