// Emoji that people use often; the keyboard of the system has all others.

/** What a message is reacted to with most. */
export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

const split = (row: string) => row.split(" ");

export const EMOJI: { key: "faces" | "gestures" | "hearts" | "things"; emoji: string[] }[] = [
  {
    key: "faces",
    emoji: split("😀 😃 😄 😁 😅 😂 🤣 😊 🙂 🙃 😉 😍 🥰 😘 😋 😜 🤔 🤨 😐 😏 🙄 😬 😌 😴 😎 🤓 "
      + "😕 😟 🙁 😮 😲 😳 🥺 😢 😭 😱 😤 😡 🤯 🥳 🤗 🤫 🤷 🤦"),
  },
  {
    key: "gestures",
    emoji: split("👍 👎 👌 ✌️ 🤞 🤙 👋 👏 🙌 🙏 🤝 💪 👀 👇 👆 👉 👈 ✋ 🫶 ✍️"),
  },
  {
    key: "hearts",
    emoji: split("❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💯 ✨ ⭐ 🔥 🎉 🎊 🎂 🎁 💐 🌹 🍀"),
  },
  {
    key: "things",
    emoji: split("✅ ❌ ❗ ❓ ⏰ 📅 📌 📎 📞 📷 💡 💬 🔒 🚀 🚗 ✈️ 🏠 💼 💰 🛒 📦 ☕ 🍕 🍺 ☀️ 🌧️"),
  },
];
