package admin

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Without an authorizer there are no ACLs to be told, made or removed. Source: KafkaApis.handleDescribeAcls and its like.

func (a *Admin) handleDescribeACLs(r *wire.Request) {
	req := kmsg.NewPtrDescribeACLsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := req.ResponseKind().(*kmsg.DescribeACLsResponse)
	resp.ErrorCode, resp.ErrorMessage = told(refuse(kproto.SecurityDisabled, "No Authorizer is configured on the broker"))
	r.Reply(resp)
}

var noAuthorizer = refuse(kproto.SecurityDisabled, "No Authorizer is configured on the broker.")

func (a *Admin) handleCreateACLs(r *wire.Request) {
	req := kmsg.NewPtrCreateACLsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := req.ResponseKind().(*kmsg.CreateACLsResponse)
	for range req.Creations {
		result := kmsg.NewCreateACLsResponseResult()
		result.ErrorCode, result.ErrorMessage = told(noAuthorizer)
		resp.Results = append(resp.Results, result)
	}
	r.Reply(resp)
}

func (a *Admin) handleDeleteACLs(r *wire.Request) {
	req := kmsg.NewPtrDeleteACLsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := req.ResponseKind().(*kmsg.DeleteACLsResponse)
	for range req.Filters {
		result := kmsg.NewDeleteACLsResponseResult()
		result.ErrorCode, result.ErrorMessage = told(noAuthorizer)
		resp.Results = append(resp.Results, result)
	}
	r.Reply(resp)
}
