"""The journey of the official client for Python, over one transport: what it found, as a line of JSON."""

import asyncio
import json
import sys

import httpx2
from mcp import ClientSession
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

kind, address, key, program = sys.argv[1:]
HEADERS = {"Authorization": f"Bearer {key}"}


async def journey(client):
    tools = [tool.name for tool in (await client.list_tools()).tools]
    listed = await client.call_tool("list_contacts", {})
    refused = await client.call_tool("create_contact", {"phone": "x"})
    assert refused.is_error
    try:
        unknown = (await client.call_tool("nothing_such", {})).is_error
    except Exception as error:
        unknown = "nothing_such" in str(error)
    return {
        "tools": tools,
        "listed": listed.structured_content,
        "refused": refused.structured_content["code"],
        "unknown": unknown,
    }


async def main():
    url = f"{address}/api/mcp"
    if kind == "sse":
        async with sse_client(f"{url}/sse", headers=HEADERS) as (read, write):
            async with ClientSession(read, write) as session:
                await session.initialize()
                return await journey(session)
    if kind == "stdio":
        server = StdioServerParameters(
            command=program, args=["mcp", "--url", address, "--key", key]
        )
        async with Client(stdio_client(server)) as client:
            return await journey(client)
    http = httpx2.AsyncClient(headers=HEADERS)
    async with Client(streamable_http_client(url, http_client=http)) as client:
        return await journey(client)


print(json.dumps(asyncio.run(asyncio.wait_for(main(), 30))))
