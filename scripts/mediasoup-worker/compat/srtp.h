#pragma once

// mediasoup is written for libsrtp 3, whose policies are opaque objects and whose packets are transformed from one
// buffer into another. Distributions package libsrtp 2, with a plain policy struct and in-place transforms: the worker
// includes <srtp.h>, finds this file, and gets the newer calls expressed by the older ones.

#include <srtp2/srtp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace srtp3
{
	struct Policy
	{
		srtp_policy_t value{};
		std::vector<uint8_t> key; // libsrtp 2 wants the master key and its salt in one piece
	};

	using policy_t = Policy*;

	inline srtp_err_status_t policy_create(policy_t* policy)
	{
		*policy = new Policy();
		return srtp_err_status_ok;
	}

	inline void policy_destroy(policy_t policy)
	{
		delete policy;
	}

	inline srtp_err_status_t policy_set_ssrc(policy_t policy, srtp_ssrc_t ssrc)
	{
		policy->value.ssrc = ssrc;
		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_profile(policy_t policy, srtp_profile_t profile)
	{
		const auto err = srtp_crypto_policy_set_from_profile_for_rtp(&policy->value.rtp, profile);

		return err ? err : srtp_crypto_policy_set_from_profile_for_rtcp(&policy->value.rtcp, profile);
	}

	inline srtp_err_status_t policy_add_key(
	  policy_t policy,
	  const uint8_t* key,
	  size_t keyLen,
	  const uint8_t* salt,
	  size_t saltLen,
	  const uint8_t* /*mki*/,
	  size_t /*mkiLen*/)
	{
		policy->key.assign(key, key + keyLen);
		policy->key.insert(policy->key.end(), salt, salt + saltLen);
		policy->value.key = policy->key.data();
		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_allow_repeat_tx(policy_t policy, bool allow)
	{
		policy->value.allow_repeat_tx = allow;
		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_window_size(policy_t policy, size_t size)
	{
		policy->value.window_size = size;
		return srtp_err_status_ok;
	}

	inline srtp_err_status_t create(srtp_t* session, policy_t policy)
	{
		policy->value.next = nullptr;
		return ::srtp_create(session, &policy->value);
	}

	inline srtp_err_status_t stream_remove(srtp_t session, uint32_t ssrcNetworkOrder)
	{
		return ::srtp_remove_stream(session, ssrcNetworkOrder);
	}

	template<srtp_err_status_t (*Transform)(srtp_t, void*, int*)>
	srtp_err_status_t transform(srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		if (in != out)
		{
			std::memmove(out, in, inLen);
		}

		int len        = static_cast<int>(inLen);
		const auto err = Transform(session, out, &len);

		*outLen = static_cast<size_t>(len);
		return err;
	}

	inline srtp_err_status_t protect(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
	{
		return transform<::srtp_protect>(session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t protect_rtcp(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
	{
		return transform<::srtp_protect_rtcp>(session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t unprotect(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		return transform<::srtp_unprotect>(session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t unprotect_rtcp(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		return transform<::srtp_unprotect_rtcp>(session, in, inLen, out, outLen);
	}
} // namespace srtp3

#define srtp_policy_t srtp3::policy_t
#define srtp_policy_create srtp3::policy_create
#define srtp_policy_destroy srtp3::policy_destroy
#define srtp_policy_set_ssrc srtp3::policy_set_ssrc
#define srtp_policy_set_profile srtp3::policy_set_profile
#define srtp_policy_add_key srtp3::policy_add_key
#define srtp_policy_set_allow_repeat_tx srtp3::policy_set_allow_repeat_tx
#define srtp_policy_set_window_size srtp3::policy_set_window_size
#define srtp_create srtp3::create
#define srtp_stream_remove srtp3::stream_remove
#define srtp_protect srtp3::protect
#define srtp_protect_rtcp srtp3::protect_rtcp
#define srtp_unprotect srtp3::unprotect
#define srtp_unprotect_rtcp srtp3::unprotect_rtcp

// libsrtp 3 has these two more; libsrtp 2 never returns them.
#define srtp_err_status_buffer_small (static_cast<srtp_err_status_t>(28))
#define srtp_err_status_cryptex_err (static_cast<srtp_err_status_t>(29))
