"""Any endpoint that speaks OpenAI's protocol: Chat Completions and Responses, in every dialect.

An answer is untrusted input and no two servers write it alike. It is read in stages, each a pure
module: bytes to documents (`framing`), documents to one answer (`chat`, `responses`, with `calls`,
`parts`, `thinking`, `reasoning`, `usage`), errors to ours (`refusals`, `pauses`). What a server
does not take is learned from how it refuses (`dialect`). Only `transport` touches the network.
"""

from apps.inference.providers.openai.provider import OpenAIProvider

__all__ = ["OpenAIProvider"]
