"""Why a camera sends no picture, in words: what its answer to an invitation means (RFC 3261, 21) to who waits for it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORDS = {
    400: gettext_lazy("摄像头不认可请求的格式"),
    401: gettext_lazy("摄像头要求验证身份"),
    403: gettext_lazy("摄像头不允许播放,请检查下级平台的授权"),
    404: gettext_lazy("所属平台没有这个通道,请更新目录"),
    406: gettext_lazy("摄像头不接受这种播放方式"),
    407: gettext_lazy("摄像头要求验证身份"),
    408: gettext_lazy("摄像头没有及时应答"),
    410: gettext_lazy("该通道已撤销,请更新目录"),
    415: gettext_lazy("摄像头不支持这种媒体描述"),
    480: gettext_lazy("摄像头暂时不可用,可能已离线"),
    481: gettext_lazy("摄像头已不记得这次播放"),
    486: gettext_lazy("摄像头忙,可能已达取流路数上限"),
    487: gettext_lazy("播放已取消"),
    488: gettext_lazy("摄像头不支持所选的媒体传输方式,可在所属平台改用 UDP 或 TCP"),
    500: gettext_lazy("摄像头内部出错"),
    501: gettext_lazy("摄像头不支持播放"),
    503: gettext_lazy("摄像头暂停服务"),
    504: gettext_lazy("所属平台联系不上摄像头"),
    600: gettext_lazy("摄像头各路都忙"),
    603: gettext_lazy("摄像头拒绝播放"),
    604: gettext_lazy("所属平台没有这个通道,请更新目录"),
    606: gettext_lazy("摄像头不接受所要求的媒体"),
}
CLASSES = {
    3: gettext_lazy("摄像头已移到别处"),
    4: gettext_lazy("摄像头拒绝播放"),
    5: gettext_lazy("摄像头或所属平台出错"),
    6: gettext_lazy("摄像头拒绝播放"),
}


def refusal(status: int) -> str:
    """A sentence with the number in it, by which the vendor's support finds it."""
    words = WORDS.get(status) or CLASSES[status // 100]
    return _("%(words)s(SIP %(status)d)。") % {"words": words, "status": status}
